"""Training and judging the text model. scikit-learn and scipy are needed here only: the extra
``train``.
"""
