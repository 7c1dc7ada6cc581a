"""How a run is started: the command line and the Prefect flows.

Commands        command.py begins, cli.py has most of them, looking.py, settings_cli.py, rules_cli.py and learned_cli.py
                the others; options.py what they have in common, examples.py the end of their help
What they show  console.py, explained.py (explaining.py finds what is meant, explained_page.py makes the page),
                duplicated.py, recleaned.py, rules_shown.py; progress.py while a run goes on
Prefect         ingest.py and maintain.py are the flows, tasks.py their tasks, patience.py what they try again,
                telling.py what they tell, unread.py where nobody reads it; serve.py and watch.py are for the commands
                of that name
"""

import os

# Before anything imports Prefect, which reads them once: its telemetry is off unless the user turns it on.
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
