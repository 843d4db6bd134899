"""A management command's arguments as fields of a form, in step with the text they are stored as.

``parser`` loads a command and asks its own parser, ``fields`` says what can be filled in,
``given`` reads the text, ``writing`` makes text of what was filled in, ``form`` shows it.
"""
