"""What is remembered of one user: at most 1,200 bytes of hashed values with weights that fade.

Pure: a memory and a contribution give a new memory. What may be learned, and when, the flow and the store decide.
"""

from watchword.risk.memory.contribution import PROVEN, PROVISIONAL, Contribution, decode_contribution
from watchword.risk.memory.learning import learn, take_back
from watchword.risk.memory.remembered import HOUR_BINS, MEMORY_BYTES_MOST, NO_MEMORY, Memory, decode_memory

__all__ = [
    "HOUR_BINS",
    "MEMORY_BYTES_MOST",
    "NO_MEMORY",
    "PROVEN",
    "PROVISIONAL",
    "Contribution",
    "Memory",
    "decode_contribution",
    "decode_memory",
    "learn",
    "take_back",
]
