"""An output: what is published, all of it or nothing, on a disk or in object storage; one writer at a time.

the whole           store.py; layout.py has the paths, run_ids.py the ids, disk.py all that is done to the disk
a commit            commit.py; manifest.py says which files belong to a run, volume.py and bind.py have those of many
one writer          lock.py, and lease.py in object storage
object storage      place.py says where an output lies, origin.py keeps the bucket and working_copy.py together
reading             dataset.py, parquet.py (which writes, too), plain_pages.py; retired.py for files replaced since
from run to run     ledger.py knows input files, tombstones.py what was forgotten
"""
