"""Training and evaluation of the text model; needs scikit-learn and scipy, the extra ``train``."""
