"""Many traces on screen: the filter, the charts that set it, and what is measured."""
