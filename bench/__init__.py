"""The project side by side with what a user would pick instead, on real engines.

``run.measure`` starts engines of its own in a temporary folder. Each contestant is a process of
its own that is warmed up on a first part of the comments and then gets all others in one burst;
it is watched from outside, each in the same way, and nothing in it takes part in the measuring.
"""
