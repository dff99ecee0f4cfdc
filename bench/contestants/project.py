"""The project: the worker as ``feedback worker`` runs it, a process for each role."""

from __future__ import annotations

from bench.contestants._arguments import parser, to_settings
from pipeline.streams.roles import Role
from pipeline.worker.supervisor import run_roles

if __name__ == "__main__":
    arguments = parser()
    arguments.add_argument("--roles", required=True)
    options = arguments.parse_args()
    run_roles(to_settings(options), [Role(name) for name in options.roles.split(",")])
