"""The objective and its optimisation; the only part that uses TensorFlow (runtime.py sets it up)."""
