"""Tasks: what a model is asked, with which tools, and what is expected of it."""

from toolverify.tasks.files import read_tasks, write_tasks
from toolverify.tasks.task import Task, task_from_row, task_to_row

__all__ = ["Task", "read_tasks", "task_from_row", "task_to_row", "write_tasks"]
