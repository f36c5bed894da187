"""What is decided about people, one file a subject: person, company, password, session, link, throttle."""
