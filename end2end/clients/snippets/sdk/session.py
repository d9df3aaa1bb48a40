session = client.connect.get_session(session_id)

if session["status"] == "completed":
    print("Connection created:", session["connection"]["id"])
elif session["status"] == "failed":
    print("Connect failed:", session["error"])
