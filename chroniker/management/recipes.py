"""What is to be written where, so that due jobs are looked for each minute: text, nothing more."""

from __future__ import annotations

import json
import shlex

from chroniker.invocation import Invocation, crontab_line

BEGIN, END = "# BEGIN chroniker", "# END chroniker"
"""Around the line in a crontab; behind them the project's folder, for there may be several."""


def crontab(call: Invocation) -> str:
    """The line for ``crontab -e``."""
    return f"{BEGIN} {call.folder}\n{crontab_line(call)}\n{END} {call.folder}\n"


def in_crontab(text: str, call: Invocation, *, installed: bool = True) -> str:
    """A user's crontab with this project's line, or without; all others stay as they are."""
    begin, end = f"{BEGIN} {call.folder}", f"{END} {call.folder}"
    lines = text.splitlines(keepends=True)
    heads = [number for number, line in enumerate(lines) if line.strip() == begin]
    kept, place = lines, len(lines)
    if heads:
        place = heads[0]
        feet = [number for number in range(place, len(lines)) if lines[number].strip() == end]
        kept = lines[:place] + (lines[feet[0] + 1 :] if feet else lines[place + 1 :])
    if not installed:
        return "".join(kept)
    before = "".join(kept[:place])
    if before and not before.endswith("\n"):
        before += "\n"
    return before + crontab(call) + "".join(kept[place:])


def systemd(call: Invocation) -> str:
    """A service and its timer, each below the path it belongs to."""
    command = " ".join(map(_for_systemd, [*call.words, "cron"]))
    return f"""\
# /etc/systemd/system/chroniker.service
[Unit]
Description=Due jobs of {_escaped(call.folder)}
After=network-online.target

[Service]
Type=simple
User=www-data
WorkingDirectory={_escaped(call.folder)}
ExecStart={command}
# Its runs end by themselves when it ends; a deploy drains first (cron_drain --wait 10m).
KillMode=mixed

# /etc/systemd/system/chroniker.timer
[Unit]
Description=Look for due jobs each minute

[Timer]
OnCalendar=*-*-* *:*:00
AccuracySec=1s

[Install]
WantedBy=timers.target

# A timer starts nothing while its service still waits for a run. Where runs take longer than a
# minute, use one service that stays, without the timer:
# ExecStart={" ".join(map(_for_systemd, [*call.words, "cronserver"]))}
# Restart=always
# [Install]
# WantedBy=multi-user.target
"""


def container(call: Invocation) -> str:
    """A service for compose: the project's own image, with another command."""
    command = json.dumps([*_inside(call), "cronserver"])
    return f"""\
services:
  chroniker:
    image: your-project  # the image of the web service, with the same variables
    command: {command}
    working_dir: {json.dumps(call.folder)}
    # By this name jobs know the host; no two containers may share it.
    hostname: cron-1
    init: true
    restart: unless-stopped
    stop_grace_period: 10m
"""


def kubernetes(call: Invocation) -> str:
    """A CronJob with the project's own image."""
    command = json.dumps([*_inside(call), "cron"])
    return f"""\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: chroniker
spec:
  schedule: "* * * * *"
  # Each run is claimed in the database: calls may overlap, and have to where runs are long.
  # Each pod is a host of its own, so leave the host of jobs empty. Where jobs are to run once on
  # each host, or every second counts, use a Deployment of `manage.py cronserver` instead.
  concurrencyPolicy: Allow
  startingDeadlineSeconds: 60
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 600
          containers:
            - name: chroniker
              image: your-project
              command: {command}
              workingDir: {json.dumps(call.folder)}
"""


def _inside(call: Invocation) -> list[str]:
    """The call, by the interpreter that the image has."""
    return ["python", *call.words[1:]]


def _for_systemd(word: str) -> str:
    quoted = _escaped(word)
    return quoted if shlex.quote(word) == word else json.dumps(quoted)


def _escaped(text: str) -> str:
    return text.replace("%", "%%").replace("$", "$$")
