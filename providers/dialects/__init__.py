"""Wires of other vendors over this server's engines: OpenAI's, Deepgram's and jambonz'."""
