"""A role on Faust: the app, batches of records, the contract of a loop, consumer lag."""
