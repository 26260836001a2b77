"""After trouble nothing stays behind: no task, no connection, no object of a question (SPEC §8)."""

from pathlib import Path

from tests.faults_outside.leaks import leaks


async def test_tasks_connections_and_objects_of_questions_are_given_back(tmp_path: Path) -> None:
    await leaks(tmp_path, 3)
