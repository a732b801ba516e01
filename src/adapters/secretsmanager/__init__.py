"""Secrets of AWS Secrets Manager."""

from adapters.secretsmanager.secret import read_secret

__all__ = ["read_secret"]
