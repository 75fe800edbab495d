"""Pictures of pages to ink: what scans and photos add to the page media.

``pictures`` opens image files within limits, ``straighten`` makes a grey, upright, evenly lit page of a picture,
``rules`` finds its ruling lines and ``ruled`` the cells between them, ``strokes`` tells placeholders by their shape,
``engine`` recognises text, ``writing`` puts it into the cells with its confidence, ``page`` makes the Ink that
``pipeline.readers.pages`` lays out like the ink of any other page.
"""
