"""Processes of a run: launching, heartbeats, watchdog, rendezvous, restarts, requests to stop."""
