"""What the readers of spreadsheets share: number formats to shown text, cells and merged ranges to grids, the containers."""
