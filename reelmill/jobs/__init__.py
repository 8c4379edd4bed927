"""Jobs: the steps that the command line and the flows both take, from opening the rooms to the tables."""
