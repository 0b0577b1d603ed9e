"""Engine: the data pipeline. Instances, connections, inbox, mapping, parked messages, outbound call log."""
