"""Pages of characters and ruling lines to grids: what every page medium (PDF, OFD, scans) shares.

An engine gives an ``Ink`` per page (characters, rules, pictures); everything after that knows no file format:
``ruling`` finds the cells, ``lines`` and ``wrapping`` read their text, ``layout`` makes a page of tables and
paragraphs, ``stitching`` puts tables together over page breaks, ``assembly`` makes the Document.
"""
