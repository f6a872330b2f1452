"""Sound files sent to the server, and the jobs that take them into the archive.

Conventions
-----------
A job is a folder ``jobs/<id>`` of the archive with ``job.json``, which is replaced in one step at each change, so that
what became of a job is known after a restart. One job runs at a time, in a process of its own; it opens the archive for
writing only for the moment in which it stores a recording, so that others can write meanwhile. A job that was running
when the server ended is queued again: taking a recording in twice changes nothing.

Modules
-------
states   what is known of a job, and where it is kept
brief    a store that is open for writing only while it is written to
work     the process that does a job
queue    who starts these processes
routes   uploads, jobs and their progress
"""
