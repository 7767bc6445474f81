"""One supervisor for broker, web, worker and beat. Plain Python: it knows processes, not Django."""
