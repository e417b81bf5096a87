"""The media plane: worker, router, transport, producer and consumer, in the sense of mediasoup."""
