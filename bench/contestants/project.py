"""The project: the worker as ``feedback worker`` runs it, a process for each role."""

from __future__ import annotations

from bench.contestants._arguments import parser, settings_of
from pipeline.streams.roles import Role
from pipeline.worker.supervisor import run_roles

if __name__ == "__main__":
    arguments = parser()
    arguments.add_argument("--roles", required=True)
    given = arguments.parse_args()
    run_roles(settings_of(given), [Role(name) for name in given.roles.split(",")])
