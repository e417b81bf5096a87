"""What a bad line does to picture and sound in Chromium, through the hub and through Janus."""
