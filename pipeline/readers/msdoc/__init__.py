"""The structures of a binary Word document (Word 97 to 2003), after Microsoft's [MS-DOC] and [MS-CFB].

    container   the OLE file's streams
    fib         the file information block: where everything lies, how long each story is
    pieces      the piece table: character positions -> text and file offsets
    fkp         formatted disk pages: which properties hold at a file offset
    sprms       lists of single property modifiers
    paragraphs  paragraph properties that matter to tables
    rows        a row's cell edges and merge flags
    styles      which styles hide their text
    characters  deletions, hidden text and symbol characters, written into the text
    fields      field codes out, results in
    forms       form fields: tick boxes and drop-down lists
    stories     paragraphs and tables of a story (main text, notes, text boxes) in reading order
    drawings    where text boxes are anchored
    text        the text of a paragraph or cell
    layout      rows with edges -> a grid of cells with spans

Section numbers in docstrings are those of [MS-DOC].
"""
