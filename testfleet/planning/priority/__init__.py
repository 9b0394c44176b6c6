"""Which tests first, so that failures come early.

histories   verdicts of past cycles, from a CSV file
memory      what past verdicts tell of each test
features    what is known of each test of a cycle, as numbers
learner     how likely each is the next failure: an online conditional logit
ordering    the order that finds most failures, earliest, within a budget
napfd       how good an order was
simple      the orderings to beat
replay      a history run through all of them, never looking ahead
units       the same for the units of a run, without numpy
pasts       what is known of each unit for it
"""
