"""The ways of one question to one server: UDP and TCP, with what makes forgery hard."""
