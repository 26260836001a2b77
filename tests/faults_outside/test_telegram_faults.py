"""x"""
from pathlib import Path
from tests.faults_outside.trouble import random_trouble

async def test_random(tmp_path: Path) -> None:
    print(await random_trouble(1, 4.0, folder=tmp_path))
