"""``python -m bench.load``: how fast Watchword is beside others of its kind. ``make bench`` runs it."""

import argparse

from bench.load.better_auth_subject import better_auth
from bench.load.driving import BUILD, drive
from bench.load.plans import Plan
from bench.load.subject import Place, free_port
from bench.load.watchword_subject import watchword_on_sqlite


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--users", type=int, default=5_000)
    asked = parser.parse_args()
    for subject in (watchword_on_sqlite(), watchword_on_sqlite(mail=True), better_auth(on_postgres=False)):
        print(subject.title, subject.install())
        place = Place(folder=(BUILD / subject.key).absolute(), code_port=free_port(), postgres=None, users=asked.users)
        with subject.start(place) as running:
            for connections in (1, 16, 64):
                plan = Plan(
                    port=running.port,
                    steps=running.steps,
                    connections=connections,
                    warm_s=1,
                    measured_s=asked.seconds,
                    users=running.users,
                    datagram_port=place.code_port if running.takes_datagrams else 0,
                    smtp_port=0 if running.takes_datagrams else place.code_port,
                )
                driven = drive(plan, roots=running.roots)
                cpu = sum(one.cpu_s for one in driven.used.values())
                start, check = driven.times["start"], driven.times["check"]
                print(
                    f"{connections:3} {driven.per_second:8.1f}/s  cpu {cpu / driven.cycles * 1e3:6.2f} ms"
                    f"  start {start.p50_ms:.1f}/{start.p99_ms:.1f}"
                    f"  check {check.p50_ms:.1f}/{check.p99_ms:.1f} code {driven.times['code'].p50_ms:.1f}"
                    f" errors {driven.errors}"
                )


if __name__ == "__main__":
    main()
