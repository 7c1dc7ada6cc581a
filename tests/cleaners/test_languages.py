"""A short invented article a language: what is not the story goes, and its fields are found."""

from __future__ import annotations

import pytest

from cleaners import Source, clean, clean_many
from tests.cleaners.test_clean import FIRST, SECOND, story

STORIES = {
    "es": (
        "El faro del puerto se apagó en la noche del lunes, y nadie en el pueblo sabe todavía por qué dejó de alumbrar "
        "después de cien años de servicio.",
        "El alcalde prometió que la lámpara volverá a encenderse antes del invierno, y los pescadores dicen que "
        "esperarán en tierra hasta que alguien la repare.",
    ),
    "pt": (
        "O farol do porto apagou-se na noite de segunda-feira, e ninguém na vila sabe ainda por que deixou de iluminar "
        "depois de cem anos de serviço.",
        "O prefeito prometeu que a lâmpada voltará a acender antes do inverno, e os pescadores dizem que vão esperar "
        "em terra até que alguém a conserte.",
    ),
    "de": (
        "Der Leuchtturm am Hafen ist in der Nacht zum Montag ausgegangen, und niemand in der Stadt weiß bisher, warum "
        "er nach hundert Jahren nicht mehr leuchtet.",
        "Der Bürgermeister versprach, dass die Lampe noch vor dem Winter wieder brennen wird, und die Fischer wollen "
        "so lange an Land bleiben, bis sie jemand repariert.",
    ),
    "fr": (
        "Le phare du port s'est éteint dans la nuit de lundi, et personne au village ne sait encore pourquoi il a "
        "cessé de briller après cent ans de service.",
        "Le maire a promis que la lampe serait rallumée avant l'hiver, et les pêcheurs attendront à terre que "
        "quelqu'un la répare, comme leurs pères autrefois.",
    ),
    "it": (
        "Il faro del porto si è spento nella notte di lunedì, e nessuno in paese sa ancora perché abbia smesso di "
        "brillare dopo cento anni di servizio.",
        "Il sindaco ha promesso che la lampada tornerà ad accendersi prima dell'inverno, e i pescatori aspetteranno a "
        "terra finché qualcuno non la riparerà.",
    ),
    "nl": (
        "De vuurtoren bij de haven is in de nacht van maandag uitgegaan, en niemand in het dorp weet nog waarom hij na "
        "honderd jaar niet meer schijnt.",
        "De burgemeester beloofde dat de lamp nog voor de winter weer zal branden, en de vissers blijven aan land tot "
        "iemand haar heeft gemaakt, zoals vroeger.",
    ),
    "pl": (
        "Latarnia w porcie zgasła w nocy z niedzieli na poniedziałek i nikt we wsi nie wie jeszcze, dlaczego po stu "
        "latach przestała świecić.",
        "Burmistrz obiecał, że lampa zapłonie znowu przed zimą, a rybacy zostaną na lądzie, dopóki ktoś jej nie "
        "naprawi, tak jak dawniej ich ojcowie.",
    ),
    "ru": (
        "Маяк у порта погас в ночь на понедельник, и никто в посёлке пока не знает, почему он перестал светить после "
        "ста лет службы.",
        "Мэр пообещал, что лампа снова загорится до зимы, а рыбаки останутся на берегу, пока кто-нибудь её не починит, "
        "как было прежде.",
    ),
    "tr": (
        "Limandaki deniz feneri pazartesi gecesi söndü ve kasabada hiç kimse yüz yıl boyunca yanan fenerin neden artık "
        "ışık vermediğini henüz bilmiyor.",
        "Belediye başkanı lambanın kıştan önce yeniden yanacağına söz verdi, balıkçılar da biri onu onarana kadar eski "
        "günlerdeki gibi karada bekleyecek.",
    ),
}
# Above the story, between its paragraphs, below it.
AROUND = {
    "es": (
        ["Por María del Valle", "3 de mayo de 2021"],
        ["Publicidad", "Lea también: El puerto cierra", "Foto: Museo del Puerto"],
        ["Etiquetas: puerto, faro", "Síguenos en Twitter", "Todos los derechos reservados"],
    ),
    "pt": (
        ["Por Ana Prado", "3 de maio de 2021"],
        ["Publicidade", "Leia também: O porto fecha", "Foto: Museu do Porto"],
        ["Tags: porto, farol", "Compartilhar no Facebook", "Todos os direitos reservados"],
    ),
    "de": (
        ["Von Jens Holm", "3. Mai 2021"],
        ["Anzeige", "Lesen Sie auch: Der Kran am Hafen", "Foto: Hafenmuseum"],
        ["Schlagwörter: Hafen, Turm", "Auf Facebook teilen", "Alle Rechte vorbehalten"],
    ),
    "fr": (
        ["Par Lucie Morel", "3 mai 2021"],
        ["Publicité", "À lire aussi : Le port ferme", "Photo : Musée du port"],
        ["Mots-clés : port, phare", "Partager sur Facebook", "Tous droits réservés"],
    ),
    "it": (
        ["di Carla Neri", "3 maggio 2021"],
        ["Pubblicità", "Leggi anche: Il porto chiude", "Foto: Museo del porto"],
        ["Argomenti: porto, faro", "Condividi su Facebook", "Riproduzione riservata"],
    ),
    "nl": (
        ["Door Femke de Boer", "3 mei 2021"],
        ["Advertentie", "Lees ook: De haven sluit", "Beeld: Havenmuseum"],
        ["Onderwerpen: haven, toren", "Deel dit artikel", "Alle rechten voorbehouden"],
    ),
    "pl": (
        ["Autor: Anna Lis", "3 maja 2021"],
        ["Reklama", "Czytaj też: Port zamknięty", "fot. Muzeum Portu"],
        ["Tagi: port, latarnia", "Udostępnij", "Wszelkie prawa zastrzeżone"],
    ),
    "ru": (
        ["Текст: Анна Лисина", "3 мая 2021"],
        ["Реклама", "Читайте также: Порт закрыт", "Фото: Музей порта"],
        ["Теги: порт, маяк", "Поделиться", "Все права защищены"],
    ),
    "tr": (
        ["Yazan: Elif Kaya", "3 Mayıs 2021"],
        ["Reklam", "İlgili haber: Liman kapandı", "Fotoğraf: Liman Müzesi"],
        ["Etiketler: liman, fener", "Paylaş", "Tüm hakları saklıdır"],
    ),
}
AUTHORS = {
    "es": "María del Valle",
    "pt": "Ana Prado",
    "de": "Jens Holm",
    "fr": "Lucie Morel",
    "it": "Carla Neri",
    "nl": "Femke de Boer",
    "pl": "Anna Lis",
    "ru": "Анна Лисина",
    "tr": "Elif Kaya",
}


def article(language: str) -> str:
    first, second = STORIES[language]
    head, middle, tail = AROUND[language]
    return story(*head, first, *middle, second, *tail)


@pytest.mark.parametrize("language", STORIES)
def test_what_is_not_the_story_goes(language: str) -> None:
    done = clean(article(language), language=language)
    assert done.text.strip() == story(*STORIES[language])
    assert done.fields.authors == (AUTHORS[language],)
    assert done.fields.published == AROUND[language][0][1]
    assert len(done.fields.tags) == 2
    assert done.fields.credit


@pytest.mark.parametrize("language", STORIES)
def test_where_nobody_knows_the_language_all_rules_try(language: str) -> None:
    assert clean(article(language)).text.strip() == story(*STORIES[language])


def test_rules_of_other_languages_stay_away() -> None:
    assert clean(story(FIRST, "Werbung", SECOND), language="en").text == story(FIRST, "Werbung", SECOND)
    assert clean(story(FIRST, "Advertisement", SECOND), language="de-AT").text == story(FIRST, SECOND)
    assert clean(story(FIRST, "Werbung", SECOND), language="de-AT").text == story(FIRST, SECOND)
    assert clean(story(FIRST, "Advertisement", SECOND), language="sw").text == story(FIRST, SECOND)


def test_a_batch_of_many_languages_keeps_its_order() -> None:
    sources = [Source(article(language), language=language) for language in STORIES] * 2
    assert clean_many(sources) == [clean(source.text, language=source.language) for source in sources]
