"""The other end of the wire: plays Vapi towards any provider server."""
