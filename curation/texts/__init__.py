"""What can be said of a trace's text: sentences, cues, repeats, sums, behaviours."""
