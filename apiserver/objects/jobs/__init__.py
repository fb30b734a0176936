"""What Jobs do, as pure functions: conditions, the rules of their policies, completion indexes, and the plan of one
reconcile. The controller (controllers/job.py) only carries plans out."""
