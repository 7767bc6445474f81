"""A local server that speaks a provider's language over real HTTP, faults included. It trains nothing and says so.

app.py       the WSGI application: who may enter, which station answers, faults on the way
dialect.py   what the OpenAI wire looks like: files, jobs, events, checkpoints
chat.py      what the OpenAI wire looks like: models and chat, whole or streamed
engine.py    the seam: what "training" is asked to do
scripted.py  the engine that only pretends, the same way each time
store.py     what is remembered: one SQLite file and a folder of files
faults.py    what can go wrong on demand
"""
