"""The custom speech API of jambonz: recognition, speech, and speech as a live socket."""
