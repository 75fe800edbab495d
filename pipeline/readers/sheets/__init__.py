"""What the readers of spreadsheets share: number formats, cells and merged ranges to grids, the containers."""
