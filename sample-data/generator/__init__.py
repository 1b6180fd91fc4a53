"""Synthetic Bedrock invocation logs and CloudTrail events, and the truth they add up to.

`workloads` says who calls what; `scenario` plans the calls; `bodies` and `invocation` shape the
records; `trail` shapes the events; `layout` writes the files; `prices` and `truth` compute what a
reader of the files must find. The truth is computed from the plan, never from the files.
"""
