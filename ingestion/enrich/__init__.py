"""What an address, a user agent, a URL and a referrer tell. Pure and cached; nothing here knows of sites."""
