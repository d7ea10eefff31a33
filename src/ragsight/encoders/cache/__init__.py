"""Embedding caches: an unchanged image is never embedded twice."""

from ragsight.encoders.cache.cached_encoder import CachedEncoder
from ragsight.encoders.cache.embedding_cache import CacheKey, EmbeddingCache

__all__ = ["CacheKey", "CachedEncoder", "EmbeddingCache"]
