"""What tests stand on: databases, application, browser, factories."""
