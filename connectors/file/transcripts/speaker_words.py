"""Words of the labels of speakers, and of what only looks like a label."""

from __future__ import annotations

from typing import Final

MODERATORS: Final = frozenset({
    "interviewer", "interviewerin", "interviewers", "interviewster", "moderator", "moderatorin",
    "moderators", "moderatorka", "facilitator", "facilitators", "researcher", "researchers",
    "int", "mod", "fac", "host",
    "enquêteur", "enquêtrice", "intervieweur", "intervieweuse", "animateur", "animatrice",
    "entrevistador", "entrevistadora", "moderador", "moderadora", "facilitador", "facilitadora",
    "intervistatore", "intervistatrice", "moderatore", "moderatrice", "moderatör", "intervjuare",
    "intervjuer", "haastattelija", "cyfwelydd", "hwylusydd", "ankieter", "ankieterka",
    "prowadzący", "prowadząca", "görüşmeci", "интервьюер", "модератор", "інтервʼюер",
    "المحاور", "المحاورة", "الباحث", "الباحثة", "الميسر", "الميسرة", "מראיין", "מראיינת",
    "साक्षात्कारकर्ता", "संचालक", "访谈者", "采访者", "主持人", "访问者", "訪談者", "訪問者",
    "インタビュアー", "司会", "司会者", "聞き手", "면접자", "진행자", "ผู้สัมภาษณ์",
    "ਇੰਟਰਵਿਊਅਰ", "observer", "observers", "notetaker",
})  # fmt: skip

MODERATOR_INITIALS: Final = frozenset({"i", "q", "m"})

RESPONDENT_INITIALS: Final = frozenset({"r", "a", "p", "b"})

RESPONDENTS: Final = frozenset({
    "participant", "participants", "respondent", "respondents", "interviewee", "patient",
    "patients",
    "carer", "caregiver", "relative", "parent", "mother", "father", "daughter", "son", "wife",
    "husband", "partner", "nurse", "doctor", "midwife", "speaker", "male", "female", "man", "woman",
    "voice", "all", "group", "teilnehmer", "teilnehmerin", "befragte", "befragter", "patientin",
    "participante", "paciente", "paziente", "partecipante", "deltagare", "deltager", "deelnemer",
    "uczestnik", "pacjent", "claf", "cyfranogwr",
})  # fmt: skip

OPENERS: Final = frozenset({
    "so", "and", "but", "then", "yes", "no", "well", "also", "because", "anyway", "however", "okay",
    "ok", "first", "firstly", "second", "secondly", "third", "finally", "example", "result",
    "question", "answer", "problem", "note", "thing", "said", "says", "say", "saying", "thought",
    "at", "about", "around", "by", "from", "until", "since",
    "like", "was", "were", "is", "are", "the", "this", "that", "it", "he", "she", "they", "we",
    "you", "my", "just", "ja", "nein", "und", "aber", "dann", "sagte", "oui", "non",
    "et", "mais", "alors", "donc", "sí", "pero", "entonces", "allora",
})  # fmt: skip
"""Words that begin a continued sentence rather than a label."""

FACTS: Final = frozenset({
    "date", "time", "place", "location", "venue", "duration", "length", "file", "file name",
    "recording", "transcriber", "transcribed by", "transcription", "interview", "interview number",
    "interview id", "site", "project", "study", "present", "attendees", "language", "title",
    "subject", "ward", "gender", "age", "datum", "ort", "dauer", "datei", "sprache", "lieu",
    "durée", "langue", "fecha", "lugar", "duración", "idioma", "luogo", "durata", "plaats", "duur",
    "dyddiad", "lleoliad",
})  # fmt: skip
"""What the lines above a conversation state."""

SOUNDS: Final = frozenset({
    "inaudible", "unintelligible", "indistinct", "unclear", "crosstalk", "overlapping", "laughter",
    "laughs", "laughing", "laugh", "chuckles", "pause", "silence", "music", "applause", "noise",
    "background", "cough", "coughs", "coughing", "sighs", "sigh", "crying", "cries", "sobs",
    "redacted", "name", "unverständlich", "lacht", "lachen", "pausa", "risas", "rires",
})  # fmt: skip
"""Words of notes in brackets: of sounds, and of what was not understood."""
