"""What is done to an output between runs: maintain, verify, repair, forget, reclean.

verify      relations.py and restored.py look at rows, intact.py at files, in_bucket.py at a bucket; fault.py answers
repair      salvage.py mends manifests, losing.py does without broken data, restock.py is for object storage
forget      asked.py says which rows, rejected.py which rejects, succession.py who takes their place
reclean     again.py cleans a row again, templating.py judges what sites repeat
all of them rewrite.py, the one way in which published rows change
"""
