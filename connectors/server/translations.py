"""The page's own texts in every language it offers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.forms.form.config import Language


@dataclass(frozen=True, slots=True)
class Translation:
    """The page's texts in one language."""

    name: str
    """The language's own name."""
    stars_question: str
    nps_question: str
    fft_question: str
    stars: Sequence[str]
    """Names of 1 to 5 stars."""
    fft: Sequence[str]
    """Answers 1 to 6 of the Friends and Family Test."""
    nps_ends: str
    private: str
    site: str
    service: str
    no_choice: str
    contact_heading: str
    contact_me: str
    contact: str
    contact_use: str
    privacy: str
    send: str
    languages: str
    leave_empty: str
    error: str
    problems: str
    nothing_given: str
    too_long: str
    contact_missing: str
    contact_unasked: str
    not_saved: str
    too_often: str
    thanks: str
    received: str
    again: str
    not_found: str


TRANSLATIONS: Final[dict[Language, Translation]] = {
    "en": Translation(
        name="English",
        stars_question="How was your experience overall?",
        nps_question="How likely are you to recommend us to friends or family?",
        fft_question="Overall, how was your experience of our service?",
        stars=("Very poor", "Poor", "Neither good nor poor", "Good", "Very good"),
        fft=("Very good", "Good", "Neither good nor poor", "Poor", "Very poor", "Don’t know"),
        nps_ends="0 means not at all likely, 10 means extremely likely.",
        private="Please leave out names and other personal details.",
        site="Which site is it about? (optional)",
        service="Which service is it about? (optional)",
        no_choice="No choice",
        contact_heading="Would you like an answer? (optional)",
        contact_me="You may contact me about my feedback",
        contact="E-mail address or telephone number",
        contact_use="It is used only to answer you, and kept apart from your feedback.",
        privacy="Privacy notice",
        send="Send feedback",
        languages="Language",
        leave_empty="Leave this field empty",
        error="Error",
        problems="Something is missing",
        nothing_given="Choose an answer or write a comment",
        too_long="Shorten your comment to {most} characters at most",
        contact_missing="Enter an e-mail address or a telephone number, or untick the box",
        contact_unasked="Tick the box if we may contact you, or leave the field below it empty",
        not_saved="Your feedback could not be saved just now. Please send it again in a moment",
        too_often="Too many answers came at once. Please send yours again in a minute",
        thanks="Thank you",
        received="We have received your feedback. You can close this page now.",
        again="Give feedback again",
        not_found="This form does not exist.",
    ),
    "de": Translation(
        name="Deutsch",
        stars_question="Wie war Ihre Erfahrung insgesamt?",
        nps_question="Wie wahrscheinlich ist es, dass Sie uns Freunden oder Angehörigen empfehlen?",
        fft_question="Wie war Ihre Erfahrung mit unserem Angebot insgesamt?",
        stars=("Sehr schlecht", "Schlecht", "Weder gut noch schlecht", "Gut", "Sehr gut"),
        fft=(
            *("Sehr gut", "Gut", "Weder gut noch schlecht"),
            *("Schlecht", "Sehr schlecht", "Weiß nicht"),
        ),
        nps_ends="0 heißt überhaupt nicht wahrscheinlich, 10 heißt äußerst wahrscheinlich.",
        private="Bitte nennen Sie keine Namen und keine anderen persönlichen Angaben.",
        site="Um welchen Standort geht es? (freiwillig)",
        service="Um welchen Bereich geht es? (freiwillig)",
        no_choice="Keine Auswahl",
        contact_heading="Möchten Sie eine Antwort? (freiwillig)",
        contact_me="Sie dürfen mich zu meiner Rückmeldung kontaktieren",
        contact="E-Mail-Adresse oder Telefonnummer",
        contact_use="Sie dient nur der Antwort und wird getrennt von Ihrer Rückmeldung aufbewahrt.",
        privacy="Datenschutzhinweise",
        send="Rückmeldung senden",
        languages="Sprache",
        leave_empty="Dieses Feld bitte leer lassen",
        error="Fehler",
        problems="Es fehlt noch etwas",
        nothing_given="Wählen Sie eine Antwort oder schreiben Sie einen Kommentar",
        too_long="Kürzen Sie Ihren Kommentar auf höchstens {most} Zeichen",
        contact_missing="Geben Sie eine E-Mail-Adresse oder Telefonnummer an, oder entfernen Sie "
        "das Häkchen",
        contact_unasked="Setzen Sie das Häkchen, wenn wir Sie kontaktieren dürfen, oder lassen Sie "
        "das Feld darunter leer",
        not_saved="Ihre Rückmeldung konnte gerade nicht gespeichert werden. Bitte senden Sie sie "
        "gleich noch einmal",
        too_often="Es kamen zu viele Antworten auf einmal. Bitte senden Sie Ihre in einer Minute "
        "noch einmal",
        thanks="Vielen Dank",
        received="Ihre Rückmeldung ist angekommen. Sie können diese Seite jetzt schließen.",
        again="Noch eine Rückmeldung geben",
        not_found="Dieses Formular gibt es nicht.",
    ),
    "fr": Translation(
        name="Français",
        stars_question="Comment s’est passée votre expérience dans l’ensemble ?",
        nps_question="Quelle est la probabilité que vous nous recommandiez à vos proches ?",
        fft_question="Dans l’ensemble, comment s’est passée votre expérience de notre service ?",
        stars=("Très mauvaise", "Mauvaise", "Ni bonne ni mauvaise", "Bonne", "Très bonne"),
        fft=(
            *("Très bonne", "Bonne", "Ni bonne ni mauvaise"),
            *("Mauvaise", "Très mauvaise", "Je ne sais pas"),
        ),
        nps_ends="0 signifie pas du tout probable, 10 signifie extrêmement probable.",
        private="Merci de ne pas indiquer de noms ni d’autres données personnelles.",
        site="De quel site s’agit-il ? (facultatif)",
        service="De quel service s’agit-il ? (facultatif)",
        no_choice="Aucun choix",
        contact_heading="Souhaitez-vous une réponse ? (facultatif)",
        contact_me="Vous pouvez me contacter au sujet de mon avis",
        contact="Adresse électronique ou numéro de téléphone",
        contact_use="Utilisé uniquement pour vous répondre, et conservé à part de votre avis.",
        privacy="Protection des données",
        send="Envoyer mon avis",
        languages="Langue",
        leave_empty="Laissez ce champ vide",
        error="Erreur",
        problems="Il manque quelque chose",
        nothing_given="Choisissez une réponse ou écrivez un commentaire",
        too_long="Réduisez votre commentaire à {most} caractères au plus",
        contact_missing="Indiquez une adresse électronique ou un numéro de téléphone, ou décochez "
        "la case",
        contact_unasked="Cochez la case si nous pouvons vous contacter, ou laissez le champ "
        "suivant vide",
        not_saved="Votre avis n’a pas pu être enregistré. Veuillez le renvoyer dans un instant",
        too_often="Trop de réponses sont arrivées à la fois. Veuillez renvoyer la vôtre dans une "
        "minute",
        thanks="Merci",
        received="Nous avons bien reçu votre avis. Vous pouvez fermer cette page.",
        again="Donner un autre avis",
        not_found="Ce formulaire n’existe pas.",
    ),
    "es": Translation(
        name="Español",
        stars_question="¿Cómo fue su experiencia en general?",
        nps_question="¿Qué probabilidad hay de que nos recomiende a familiares o amigos?",
        fft_question="En general, ¿cómo fue su experiencia con nuestro servicio?",
        stars=("Muy mala", "Mala", "Ni buena ni mala", "Buena", "Muy buena"),
        fft=("Muy buena", "Buena", "Ni buena ni mala", "Mala", "Muy mala", "No lo sé"),
        nps_ends="0 significa nada probable y 10 significa muy probable.",
        private="No incluya nombres ni otros datos personales, por favor.",
        site="¿De qué centro se trata? (opcional)",
        service="¿De qué servicio se trata? (opcional)",
        no_choice="Sin elegir",
        contact_heading="¿Desea una respuesta? (opcional)",
        contact_me="Pueden ponerse en contacto conmigo acerca de mi opinión",
        contact="Correo electrónico o número de teléfono",
        contact_use="Se usa solo para responderle y se guarda aparte de su opinión.",
        privacy="Aviso de privacidad",
        send="Enviar opinión",
        languages="Idioma",
        leave_empty="Deje este campo vacío",
        error="Error",
        problems="Falta algo",
        nothing_given="Elija una respuesta o escriba un comentario",
        too_long="Acorte su comentario a {most} caracteres como máximo",
        contact_missing="Escriba un correo electrónico o un número de teléfono, o desmarque la "
        "casilla",
        contact_unasked="Marque la casilla si podemos contactarle, o deje vacío el campo siguiente",
        not_saved="No se ha podido guardar su opinión. Envíela de nuevo en un momento, por favor",
        too_often="Han llegado demasiadas respuestas a la vez. Envíe la suya de nuevo dentro de un "
        "minuto, por favor",
        thanks="Gracias",
        received="Hemos recibido su opinión. Ya puede cerrar esta página.",
        again="Dar otra opinión",
        not_found="Este formulario no existe.",
    ),
}


def negotiate_language(
    requested: str | None, accept_language: str | None, offered: Sequence[Language]
) -> Language:
    """Return the requested language, or the one that the browser prefers, or the first offered."""
    for tag in (requested or "", *_tags_by_preference(accept_language or "")):
        for language in offered:
            if tag.lower().partition("-")[0] == language:
                return language
    return offered[0]


def _tags_by_preference(header: str) -> Iterable[str]:
    weighted: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        tag, _, weight = part.strip().partition(";")
        try:
            weighted.append((float(weight.strip().removeprefix("q=") or 1), tag.strip()))
        except ValueError:
            continue
    weighted.sort(key=lambda pair: -pair[0])
    return [tag for weight, tag in weighted if weight > 0]
