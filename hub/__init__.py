"""The domain and the application's core. It does no HTTP and no WebRTC."""
