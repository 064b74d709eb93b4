"""The Kubernetes API behind a small interface of our own; nothing else imports kubernetes.

    errors    what the API server may answer instead of doing it
    kinds     kinds of objects, and under which path the API server has them
    cluster   requests: get, list, apply, create, delete, patch, logs, rights
    forward   a port of this machine that leads to a port of a pod

It knows requests and answers. Which objects there should be, and in which order they are made,
is the business of whoever calls.
"""
