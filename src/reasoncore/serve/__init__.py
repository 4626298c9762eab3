"""A local server that speaks the OpenAI API, with CLR as a model of its own."""
