"""A live hearing: messages, the hearing as a pure state machine, the socket and the media plane."""
