"""Many equal processes on one PostgreSQL: whichever is asked, and whichever dies, the answers are those of one."""

from tests.process.estate import Estate, calling


def test_a_code_goes_the_whole_way_over_several_processes(estate: Estate) -> None:
    machine = estate.start("serve", "--workers", "2")
    assert len(machine.members()) == 2
    with calling(estate) as caller:
        caller.go_the_whole_way([machine], "ann")
    assert machine.end() == 0
