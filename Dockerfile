# One image for web, worker, beat and the migration; docker-compose.yml says which command each one runs.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    FTSTUDIO_ENV=production FTSTUDIO_VAR=/var/lib/ftstudio
WORKDIR /app
RUN useradd --system --uid 10001 --home-dir /var/lib/ftstudio --create-home --shell /usr/sbin/nologin ftstudio

COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements.txt

COPY manage.py gunicorn.conf.py pyproject.toml CHANGELOG.md ./
COPY ftstudio ftstudio
COPY datasets_app datasets_app
COPY jobs_app jobs_app
COPY templates templates
COPY static static
COPY locale locale
# Nothing below is kept: production refuses to load its settings without them, and these two steps use none.
RUN python -c "from ftstudio.messages import compile_stale; compile_stale()" \
    && SECRET_KEY=building DATABASE_URL=sqlite:// REDIS_URL=redis://nowhere ALLOWED_HOSTS=nowhere \
       FTSTUDIO_CREDENTIAL_KEYS=building python manage.py collectstatic --noinput --skip-checks \
    && python -m compileall -q ftstudio datasets_app jobs_app

USER ftstudio
VOLUME /var/lib/ftstudio
EXPOSE 8000
CMD ["gunicorn", "--bind", "0.0.0.0:8000"]
