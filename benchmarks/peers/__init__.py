"""Other people's libraries, behind the few calls that the cases need; each is imported only when it is used."""
