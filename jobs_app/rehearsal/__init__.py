"""A local server that speaks the providers' languages over real HTTP, faults included. It trains nothing and says so.

app.py        the WSGI application: who may enter, which station answers, faults on the way
dialects/     one module for each provider's wire: files, jobs, models, deployments in its words
controls.py   stations of its own: the clock, faults, counts, webhooks
chat.py       models that answer, whole or streamed (every provider has taken that wire over)
engine.py     the seam: what "training" is asked to do
scripted.py   the engine that only pretends, the same way each time; life.py and curves.py are its times and figures
store.py      what is remembered: one SQLite file (database.py) and a folder of files
faults.py     what can go wrong on demand
webhooks.py   what a provider would send when a job ends
"""
